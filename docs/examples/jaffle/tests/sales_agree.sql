-- The two marts and the orders tell the same sales.
with told as (
    select
        (select sum(amount) from {{ ref('fct_orders') }} where status = 'paid') as orders,
        (select sum(sales) from {{ ref('kiosk_days') }}) as days,
        (select sum(sales) from {{ ref('menu_ranking') }}) as menu
)

select * from told where not (orders <=> days and orders <=> menu)
