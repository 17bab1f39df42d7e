with known as (
    select
        *,
        row_number() over (partition by item_code order by valid_from desc) as newness
    from {{ ref('menu_prices') }}
    where valid_from <= date '{{ var("as_of") }}'
)

select
    item_code,
    title,
    cast(price as decimal(8, 2)) as price,
    cast(discount_percent as int) as discount_percent
from known
where newness = 1
    and (ends_on is null or ends_on >= date '{{ var("as_of") }}')
