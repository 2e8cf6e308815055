-- mart_headlines: the annual figures of codelists/figures.csv from the marts, with the change on the year before
-- by the same rules, and the reports each rests on (C1). Nothing is compared with a year below the threshold of C1. Values are unrounded (S8). Empty is not zero (R4).
with country_channels as (   -- B2, B3
    from mart_channels where region_code = 'KZ' and month is null and platform = '_T' and category = '_T'
),
country_seizures as (        -- S1, S4, S5, S6
    from mart_seizures where region_code = 'KZ' and month is null and substance_code = '_T'
),
country_laboratories as (
    from mart_laboratories where region_code = 'KZ' and month is null
),
country_prevention as (      -- C3: the whole country, KZ-NAT included
    from mart_prevention where region_code = 'KZ' and month is null and audience = '_T'
),
country_resocialisation as (
    from mart_resocialisation where region_code = 'KZ' and facility_type = '_T'
),
heard as (                   -- years in which the national council's activities could be known
    select year from country_prevention where organiser = '_T' and kind = '_T' and activities is not null
),
figure_values as (
    select year, 'channels_' || stage as figure_id, channels::double as value from country_channels
    where stage in ('detected', 'requested', 'ordered', 'blocked', 'still_blocked', 'blocked_stock')
    union all
    select year, 'channels_blocked_overlap', overlap from country_channels where stage = 'blocked'
    union all
    select year, 'drugs_seized', mass_kg from country_seizures where substance_class = 'drug' and unit = '_T'
    union all
    select year, 'plant_material_seized', mass_kg from country_seizures where substance_class = 'plant_material' and unit = '_T'
    union all
    select year, 'precursors_seized', mass_kg from country_seizures where substance_class = 'precursor' and unit = '_T'
    union all
    select year, 'other_chemicals_seized', mass_kg from country_seizures where substance_class = 'other_chemical' and unit = '_T'
    union all
    -- plants are counted as plants, whatever the class the source named (S4)
    select total.year, 'plants_seized', if(total.obs_status = ':', null, coalesce(plants.quantity, 0))
    from country_seizures as total
    left join (select year, sum(quantity order by quantity) as quantity from country_seizures where unit = 'plant' group by year) as plants
        using (year)
    where total.substance_class = '_T'
    union all
    select year, 'seizures', seizures from country_seizures where substance_class = '_T'
    union all
    select year, 'laboratories_closed', laboratories from country_laboratories where lab_type = '_T'
    union all
    select year, 'laboratories_synthetic', laboratories from country_laboratories where lab_type = 'synthetic'
    union all
    select year, 'council_meetings', coalesce(activities, 0)
    from heard left join (from country_prevention where organiser = 'national_council' and kind = 'meeting') using (year)
    union all
    select year, case kind when 'video' then 'videos' when 'podcast' then 'podcasts' else 'events' end, activities
    from country_prevention where organiser = '_T' and kind in ('video', 'podcast', 'event')
    union all
    select heard.year, 'regions_visited', count(visit.region_code)
    from heard
    left join (
        from mart_prevention
        where month is null and organiser = 'national_council' and kind = 'field_visit' and audience = '_T'
            and region_code not in ('KZ', 'KZ-NAT') and activities > 0
    ) as visit using (year)
    group by heard.year
    union all
    select year, 'resocialisation_' || step, people from (
        unpivot (from country_resocialisation) on enrolled, trained, completed, employed_12m into name step value people)
),
reports as (
    select year, dataset, expected, received from mart_coverage where region_code = 'KZ' and month is null
),
-- every figure in every year, also where it has no value
table_of_figures as (
    select years.year, figures.figure_id, figures.unit, figures.dataset, figure_values.value
    from years cross join figures
    left join figure_values on figure_values.year = years.year and figure_values.figure_id = figures.figure_id
)
select
    this.year, this.figure_id, this.value, this.unit,
    if(comparison = 'compared', before.value, null) as previous_value,
    this.value - previous_value as change_abs,
    if(previous_value = 0, null, 100 * (this.value - previous_value) / previous_value) as change_pct,
    comparison,
    coalesce(reports.expected, 0) as expected_reports,
    coalesce(reports.received, 0) as received_reports
from table_of_figures as this
left join table_of_figures as before on before.figure_id = this.figure_id and before.year = this.year - 1
left join reports on reports.year = this.year and reports.dataset = this.dataset
left join reports as reports_before on reports_before.year = this.year - 1 and reports_before.dataset = this.dataset
cross join lateral (
    select case
        when before.value is null then 'not_reported'
        when coalesce(reports_before.received, 0) = 0 or reports_before.received < ${coverage_threshold} * reports_before.expected
        then 'below_coverage'
        else 'compared'
    end as comparison
)
order by this.year, this.figure_id;
