-- Quotes, commas, percent signs and empty cells are in the tables as they are in the files.
select 'kiosk' as what, name as found
from {{ ref('kiosks') }}
where kiosk_id = 1 and name <> 'The "Crusty" Anchor'
    or kiosk_id = 3 and (seats is not null or closed_on is not null or pier <> 'Ferry deck, upper')
    or kiosk_id = 4 and name <> '100% Toast'
union all
select 'item', title
from {{ ref('menu_prices') }}
where item_code = 'PEA' and (title <> 'Pear, blue cheese, 12% walnut' or discount_percent is not null)
