-- A line costs what the item cost on the day of its order.
with priced as (
    select
        lines.order_id,
        lines.line,
        lines.item_code,
        lines.quantity,
        cast(prices.price * (100 - coalesce(prices.discount_percent, 0)) / 100 as decimal(8, 2)) as unit_price,
        row_number() over (partition by lines.order_id, lines.line order by prices.valid_from desc) as newness
    from {{ ref('order_lines') }} as lines
    join {{ ref('stg_orders') }} as orders on orders.order_id = lines.order_id
    join {{ ref('menu_prices') }} as prices
        on prices.item_code = lines.item_code and prices.valid_from <= orders.ordered_on
)

select
    order_id,
    line,
    item_code,
    quantity,
    unit_price,
    cast(quantity * unit_price as decimal(10, 2)) as amount
from priced
where newness = 1
