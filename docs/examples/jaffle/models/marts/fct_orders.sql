{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='order_id',
    partition_by=['ordered_on']
) }}

-- Only orders that changed since the last build are merged in: new ones are inserted, known ones updated.
with changed as (
    select * from {{ ref('stg_orders') }}
    {% if is_incremental() %}
    where changed_at > (select max(changed_at) from {{ this }})
    {% endif %}
),

totals as (
    select
        order_id,
        count(*) as line_count,
        sum(quantity) as item_count,
        sum(amount) as amount
    from {{ ref('stg_order_lines') }}
    group by order_id
)

select
    changed.order_id,
    changed.kiosk_id,
    changed.ordered_on,
    changed.status,
    totals.line_count,
    totals.item_count,
    totals.amount,
    changed.tip,
    changed.changed_at
from changed
left join totals on totals.order_id = changed.order_id
