select day, count(*) as events, sum(amount) as amount, max(id) as last_id
from {{ var('source') }}
{% if is_incremental() %}
where day = date'{{ var('day') }}'
{% endif %}
group by day
