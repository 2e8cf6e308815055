-- mart_prevention: activities by month, region, organiser, kind and audience (R4, C3).
--   Participants who were counted and participants as estimated are never added; both are empty where nobody gave a number.
with activities as (
    select
        year(activity_on) as year, month(activity_on) as month, region_code, organiser, kind, audience,
        count(*) as activities,
        sum(participants) filter (where participants_basis = 'measured') as participants_measured,
        sum(participants) filter (where participants_basis = 'estimated') as participants_estimated
    from prevention_activity_as_known
    where year(activity_on) in (from years)
    group by all
),
counted as (
    select
        year, coalesce(month, 0) as month, coalesce(region_code, 'KZ') as region_code,
        coalesce(organiser, '_T') as organiser, coalesce(kind, '_T') as kind, coalesce(audience, '_T') as audience,
        sum(activities) as activities,
        sum(participants_measured) as participants_measured,
        sum(participants_estimated) as participants_estimated
    from activities
    group by year, cube (month, region_code, organiser, kind, audience)
),
shown as (
    select year, month, region_code, organiser, kind, audience from counted
    union
    select year, month, region_code, '_T', kind.code, '_T'
    from frame, (select code from prevention_kinds union all select '_T') as kind
    where dataset = 'prevention_activity'
),
filled as (
    select
        year, month, region_code, organiser, kind, audience, activities, participants_measured, participants_estimated,
        obs_status(activities, expected, received, heard) as obs_status
    from shown
    left join counted using (year, month, region_code, organiser, kind, audience)
    left join (from frame where dataset = 'prevention_activity') using (year, month, region_code)
)
select
    year, nullif(month, 0) as month, region_code, organiser, kind, audience,
    or_zero(activities, obs_status) as activities,
    if(activities is null, or_zero(null, obs_status), participants_measured) as participants_measured,
    if(activities is null, or_zero(null, obs_status), participants_estimated) as participants_estimated,
    obs_status
from filled
order by year, month nulls first, region_code, organiser, kind, audience;
