select
    kiosk_id,
    name as kiosk_name,
    pier,
    opened_on,
    coalesce(closed_on, date '9999-12-31') >= date '{{ var("as_of") }}' as is_open,
    seats
from {{ ref('kiosks') }}
where opened_on <= date '{{ var("as_of") }}'
