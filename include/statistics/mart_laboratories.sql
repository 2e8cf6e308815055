-- mart_laboratories: illegal laboratories closed by month, region and type (R4, C3); the three types stay apart.
with counted as (
    select
        year(closed_on) as year, coalesce(month(closed_on), 0) as month, coalesce(region_code, 'KZ') as region_code,
        coalesce(lab_type, '_T') as lab_type, count(*) as laboratories
    from laboratory_as_known
    where year(closed_on) in (from years)
    group by year(closed_on), cube (month(closed_on), region_code, lab_type)
),
shown as (
    select year, month, region_code, lab_type from counted
    union
    select year, month, region_code, type.code
    from frame, (select code from lab_types union all select '_T') as type
    where dataset = 'laboratory'
),
filled as (
    select year, month, region_code, lab_type, laboratories, obs_status(laboratories, expected, received, heard) as obs_status
    from shown
    left join counted using (year, month, region_code, lab_type)
    left join (from frame where dataset = 'laboratory') using (year, month, region_code)
)
select year, nullif(month, 0) as month, region_code, lab_type, or_zero(laboratories, obs_status) as laboratories, obs_status
from filled
order by year, month nulls first, region_code, lab_type;
