with known as (
    select *
    from {{ ref('order_events') }}
    where changed_at < date_add(date '{{ var("as_of") }}', 1)
)

select
    order_id,
    max_by(kiosk_id, changed_at) as kiosk_id,
    cast(min(changed_at) as date) as ordered_on,
    max_by(status, changed_at) as status,
    cast(max_by(tip, changed_at) as decimal(8, 2)) as tip,
    max(changed_at) as changed_at
from known
group by order_id
