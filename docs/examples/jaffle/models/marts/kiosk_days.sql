with days as (
    select
        kiosk_id,
        ordered_on,
        count(*) as orders,
        count_if(status = 'open') as open_orders,
        coalesce(sum(amount) filter (where status = 'paid'), 0) as sales,
        sum(tip) as tips
    from {{ ref('fct_orders') }}
    group by kiosk_id, ordered_on
)

select
    kiosks.kiosk_name,
    days.ordered_on,
    days.orders,
    days.open_orders,
    days.sales,
    days.tips,
    sum(days.sales) over (partition by days.kiosk_id order by days.ordered_on) as sales_to_date
from days
join {{ ref('stg_kiosks') }} as kiosks on kiosks.kiosk_id = days.kiosk_id
