-- mart_seizures: seizures, native quantity and derived mass by month, region, class, substance and unit (S1, S3-S6, R6).
--   S1: a seizure is 1 in the total and 1 in each of its classes, substances and units; a feed of aggregates states its number.
--   S3: quantity is bulk weight as reported. S4: mass by the factor table, empty without a factor: no guess.
--   S5: no quantity and no mass over classes. S6: seized_on, else registered_on, counted apart.
--   R6: what stands for several months is counted apart as well.
--   Sums are of decimals, so that they are exact and do not depend on the order of the rows; they become numbers through
--   text, which gives the nearest one.
with items as (
    select
        year(coalesce(seized_on, registered_on)) as year,
        month(coalesce(seized_on, registered_on)) as month,
        region_code, substance_class, substance_code, base_unit as unit,
        md5_number(concat_ws(' ', source_id, seizure_no)) as seizure,
        seizures_n, seized_on is null as is_dated_by_registration, months_spanned,
        quantity::decimal(20, 6) * to_base::decimal(18, 9) as quantity,
        quantity::decimal(20, 6) * (to_base * factor)::decimal(18, 9) as mass_kg
    from seizure_item_as_known as item
    join (
        select code as unit, base_unit, to_base::double as to_base, try_cast(nullif(kg_per_base, '') as double) as kg_per_base
        from units
    ) using (unit)
    join (
        select code as substance_code, substance_class, try_cast(nullif(kg_per_tablet, '') as double) as kg_per_tablet
        from substances
    ) using (substance_code)
    cross join lateral (select coalesce(kg_per_base, case when base_unit = 'tablet' then kg_per_tablet end) as factor)
),
counted as (
    select
        year, coalesce(month, 0) as month, coalesce(region_code, 'KZ') as region_code,
        coalesce(substance_class, '_T') as substance_class, coalesce(substance_code, '_T') as substance_code, coalesce(unit, '_T') as unit,
        count(distinct seizure) filter (where seizures_n is null) + coalesce(sum(seizures_n), 0) as seizures,
        case when grouping(unit) = 0 then sum(quantity)::varchar::double end as quantity,
        case when grouping(substance_class) = 0 then sum(mass_kg)::varchar::double end as mass_kg,
        count(distinct seizure) filter (where seizures_n is null and is_dated_by_registration)
            + coalesce(sum(seizures_n) filter (where is_dated_by_registration), 0) as dated_by_registration,
        coalesce(sum(seizures_n) filter (where months_spanned > 1), 0) as over_several_months
    from items
    where year in (from years)
    group by
        year, cube (month, region_code),
        grouping sets (
            (), (substance_class), (substance_class, substance_code), (substance_class, unit), (substance_class, substance_code, unit))
),
shown as (
    select year, month, region_code, substance_class, substance_code, unit from counted
    union
    select year, month, region_code, class.code, '_T', '_T'
    from frame, (select code from substance_classes union all select '_T') as class
    where dataset = 'seizure_item'
),
filled as (
    select
        year, month, region_code, substance_class, substance_code, unit, seizures, quantity, mass_kg, dated_by_registration,
        over_several_months, obs_status(seizures, expected, received, heard) as obs_status
    from shown
    left join counted using (year, month, region_code, substance_class, substance_code, unit)
    left join (from frame where dataset = 'seizure_item') using (year, month, region_code)
)
select
    year, nullif(month, 0) as month, region_code, substance_class, substance_code, unit,
    or_zero(seizures, obs_status) as seizures,
    quantity,
    if(seizures is null and substance_class <> '_T', or_zero(null, obs_status), mass_kg) as mass_kg,
    or_zero(dated_by_registration, obs_status) as dated_by_registration,
    or_zero(over_several_months, obs_status) as over_several_months,
    obs_status
from filled
order by year, month nulls first, region_code, substance_class, substance_code, unit;
