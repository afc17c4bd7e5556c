-- Every category in its one spelling. A price that is missing is what was asked for the product most often; where it
-- was never ordered, the median of its category.
with products as (

    select
        product_id,
        product_name,
        initcap(btrim(replace(replace(lower(rtrim(btrim(category), '.')), '_', ' '), ' and ', ' & '))) as category,
        category as category_on_record,
        price_cents
    from {{ source('shop', 'products') }}

),

asked as (

    select
        product_id,
        (mode() within group (order by amount_cents / quantity))::integer as price_cents
    from {{ source('shop', 'orders') }}
    group by product_id

),

usual as (

    select
        category,
        (percentile_disc(0.5) within group (order by price_cents)) as price_cents
    from products
    group by category

)

select
    products.product_id,
    products.product_name,
    products.category,
    products.category <> products.category_on_record as category_repaired,
    coalesce(products.price_cents, asked.price_cents, usual.price_cents) as price_cents,
    case
        when products.price_cents is not null then 'record'
        when asked.price_cents is not null then 'orders'
        else 'category'
    end as price_from
from products
left join asked
    on products.product_id = asked.product_id
inner join usual
    on products.category = usual.category
