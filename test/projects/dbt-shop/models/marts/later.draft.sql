select nonsense(
