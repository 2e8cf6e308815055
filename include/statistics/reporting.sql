-- reporting: how many reports were expected and received, by dataset, region and period (C1);
-- frame: the region-periods that every mart shows, reported or not (R4), from the day a region exists (T4).
-- In both, month 0 is the whole year and region KZ the country. KZ-NAT (C3) rests on the sources that report what belongs to
-- no region; where none of them is to report, it is open for rows as soon as anyone in the country has.
create or replace table report as
select dataset, source_id, region_code, year, month, bool_or(is_expected) as is_expected, bool_or(is_received) as is_received
from (
    select dataset, source_id, region_code, year, month, true as is_expected, false as is_received from expected_reports
    union all
    select dataset, source_id, region_code, year, month, false, true from received_reports
)
where year in (from years)
group by all;

create or replace table reporting as
select
    dataset, year, coalesce(month, 0) as month, coalesce(region_code, 'KZ') as region_code,
    count(*) filter (where is_expected) as expected,
    count(*) filter (where is_expected and is_received) as received,
    count(*) filter (where is_received) as heard
from report
group by dataset, year, cube (month, region_code);

create or replace table frame as
with periods as (
    select year, month, case when month = 0 then make_date(year, 12, 31) else last_day(make_date(year, month, 1)) end as ends_on
    from years cross join (select unnest(range(13)) as month)
),
not_allocated as (
    select
        'KZ-NAT' as region_code, dataset, year, coalesce(month, 0) as month,
        count(*) filter (where is_expected) as expected,
        count(*) filter (where is_expected and is_received) as received,
        count(*) filter (where is_received) as heard
    from report semi join nationwide using (source_id)
    group by dataset, year, rollup (month)
),
places as (
    select code as region_code, coalesce(try_cast(valid_from as date), date '1900-01-01') as exists_from from regions
    union all
    select 'KZ', date '1900-01-01'
)
select
    dataset, year, month, region_code,
    coalesce(not_allocated.expected, own.expected, 0) as expected,
    coalesce(not_allocated.received, own.received, 0) as received,
    coalesce(not_allocated.heard, own.heard, case when region_code = 'KZ-NAT' then country.heard end, 0) as heard
from datasets
cross join periods
join places on exists_from <= ends_on
left join not_allocated using (dataset, year, month, region_code)
left join reporting as own using (dataset, year, month, region_code)
left join (select dataset, year, month, heard from reporting where region_code = 'KZ') as country using (dataset, year, month);
