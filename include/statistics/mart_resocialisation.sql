-- mart_resocialisation: people by step of the programme, year, region and type of facility (R4), before disclosure control (C2).
with counted as (
    select
        year(month_on) as year, coalesce(region_code, 'KZ') as region_code, coalesce(facility_type, '_T') as facility_type,
        count(*) as reports,
        sum(enrolled) as enrolled, sum(trained) as trained, sum(completed) as completed, sum(employed_0m) as employed_0m,
        sum(employed_3m) as employed_3m, sum(employed_6m) as employed_6m, sum(employed_12m) as employed_12m
    from resocialisation_as_known
    where year(month_on) in (from years)
    group by year(month_on), cube (region_code, facility_type)
),
reporters as (
    from frame where dataset = 'resocialisation' and month = 0
),
shown as (
    select year, region_code, facility_type from counted
    union
    select year, region_code, type.code from reporters, (select code from facility_types union all select '_T') as type
),
filled as (
    select
        year, region_code, facility_type, counted.* exclude (year, region_code, facility_type),
        obs_status(reports, expected, received, heard) as obs_status
    from shown
    left join counted using (year, region_code, facility_type)
    left join reporters using (year, region_code)
)
select
    year, region_code, facility_type,
    or_zero(enrolled, obs_status) as enrolled,
    or_zero(trained, obs_status) as trained,
    or_zero(completed, obs_status) as completed,
    or_zero(employed_0m, obs_status) as employed_0m,
    or_zero(employed_3m, obs_status) as employed_3m,
    or_zero(employed_6m, obs_status) as employed_6m,
    or_zero(employed_12m, obs_status) as employed_12m,
    obs_status
from filled
order by year, region_code, facility_type;
