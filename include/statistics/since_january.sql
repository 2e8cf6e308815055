-- ${dataset}_as_known again, with months in place of numbers that count since January (R6).
-- Within a series and year the numbers known for the months go up. Where one is lower than an earlier one, the later is
-- newer knowledge: no earlier month stands above it, so that the sum up to a month is the newest number for it. A month
-- is what its number adds to the months before, and everything else is as the row of the month says; after months
-- without a number it holds theirs as well (months_spanned).
create or replace table ${dataset}_as_known as
with settled as (
    select * replace (${settled})
    from stated
    window later as (partition by series, of_year order by ${month} rows between current row and unbounded following)
),
months as (
    select * exclude (series, of_year, of_month) replace (
        ${differences},
        of_month - lag(of_month, 1, 0) over (partition by series, of_year order by ${month}) as months_spanned)
    from settled
    window earlier as (partition by series, of_year order by ${month} rows between unbounded preceding and 1 preceding)
)
from ${dataset}_as_known where not coalesce(since_january, false)
union all by name
from months;
