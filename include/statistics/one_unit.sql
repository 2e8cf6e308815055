-- stated again, each series of a year in one unit, so that differences can be taken (R6, S4).
-- A series that keeps to one unit stays as it is reported. Another is converted to the base unit of its newest number;
-- what was stated in a unit that cannot be converted to that one (tablets, then kilograms) is superseded by it.
create or replace table stated as
with based as (
    select stated.*, base_unit, to_base::double as to_base,
        min(${unit}) over (partition by series, of_year) <> max(${unit}) over (partition by series, of_year) as is_mixed,
        last_value(base_unit) over (
            partition by series, of_year order by ${month} rows between unbounded preceding and unbounded following) as newest_base
    from stated join units on units.code = stated.${unit}
)
select * exclude (base_unit, to_base, is_mixed, newest_base) replace (
    case when not is_mixed then ${measure} when base_unit = newest_base then ${measure} * to_base end as ${measure},
    case when is_mixed then newest_base else ${unit} end as ${unit})
from based;
