-- mart_channels: channels by stage, month, region, platform and category (B1, B2, B3, B5, B7), R4 for what is missing.
--   A channel counts in a year once, at its first date of the stage in that year (B5, B7), in each region that reports it
--   and once in the country (B3); platform and category are those of the first record by (date, record_key).
--   reblocked: blocked after an earlier unblocking. still_blocked: of the channels blocked in the row's period, those
--   whose last event by the end of the period is a block (B2). Renames with the same numeric id share a channel key (B6).
--   On one day an unblocking of an older block comes before a block, and the unblocking of that day's block after it.
with dates as (
    unpivot (
        select
            channel_key, region_code, record_key, platform, category, identifier, detected_on, requested_on, decision_on,
            blocked_on, unblocked_on, if(unblocked_on > blocked_on, 0, 2) as unblock_turn
        from blocking_record_as_known
    )
    on detected_on as detected, requested_on as requested, decision_on as ordered, blocked_on as blocked, unblocked_on as unblocked
    into name stage value reached_on
),
-- every date twice: in its region and in the country
events as (
    select unnest([region_code, 'KZ']) as region_code, * exclude (region_code), if(stage = 'unblocked', unblock_turn, 1) as turn
    from dates
),
-- blocks and unblockings, in their order, of the channels that were ever unblocked
turns as (
    select region_code, channel_key, stage, reached_on, turn, record_key, platform, category, identifier
    from events semi join (select distinct channel_key from dates where stage = 'unblocked') using (channel_key)
    where stage in ('blocked', 'unblocked')
),
reblocked as (
    select turns.* replace ('reblocked' as stage)
    from turns
    join (
        select region_code, channel_key, min((reached_on, turn)) as first_unblocked
        from turns where stage = 'unblocked' group by all
    ) using (region_code, channel_key)
    where stage = 'blocked' and (reached_on, turn) > first_unblocked
),
firsts as (
    select
        year(reached_on) as year, region_code, stage, channel_key, min(reached_on) as first_on,
        arg_min(platform, (reached_on, record_key)) as platform,
        arg_min(category, (reached_on, record_key)) as category,
        count(distinct identifier) as urls
    from (
        select region_code, stage, channel_key, reached_on, record_key, platform, category, identifier from events
        union all by name
        select region_code, stage, channel_key, reached_on, record_key, platform, category, identifier from reblocked
    )
    where year(reached_on) in (from years)
    group by all
),
still_blocked as (
    select
        firsts.* replace ('still_blocked' as stage),
        last_stage_of_year is not distinct from 'unblocked' as lifted_in_year,
        last_stage_of_month is not distinct from 'unblocked' as lifted_in_month
    from firsts
    left join (
        select
            year, region_code, channel_key,
            arg_max(turns.stage, (reached_on, turn)) as last_stage_of_year,
            arg_max(turns.stage, (reached_on, turn)) filter (where reached_on <= last_day(first_on)) as last_stage_of_month
        from turns join firsts using (region_code, channel_key)
        where firsts.stage = 'blocked' and reached_on <= make_date(year, 12, 31)
        group by all
    ) using (year, region_code, channel_key)
    where stage = 'blocked'
),
cells as (
    select
        year, month(first_on) as month, region_code, platform, category, stage,
        count(*) filter (where not lifted_in_month) as channels_of_month, sum(urls) filter (where not lifted_in_month) as urls_of_month,
        count(*) filter (where not lifted_in_year) as channels_of_year, sum(urls) filter (where not lifted_in_year) as urls_of_year
    from (
        select *, false as lifted_in_year, false as lifted_in_month from firsts
        union all by name
        from still_blocked
    )
    group by all
),
counted as (
    select
        year, coalesce(month, 0) as month, region_code, coalesce(platform, '_T') as platform, coalesce(category, '_T') as category, stage,
        if(grouping(month) = 1, sum(channels_of_year), sum(channels_of_month)) as channels,
        if(grouping(month) = 1, sum(urls_of_year), sum(urls_of_month)) as urls
    from cells
    group by year, region_code, stage, cube (month, platform, category)
    having channels > 0
),
shown as (
    select year, month, region_code, platform, category, stage from counted
    union
    select distinct year, month, 'KZ', platform, category, stage from counted
    union
    select year, month, region_code, '_T', '_T', stages.code from frame, stages where dataset = 'blocking_record'
),
filled as (
    select
        year, month, region_code, platform, category, stage, channels, urls,
        obs_status(channels, expected, received, heard) as obs_status
    from shown
    left join counted using (year, month, region_code, platform, category, stage)
    left join (from frame where dataset = 'blocking_record') using (year, month, region_code)
),
valued as (
    select * replace (or_zero(channels, obs_status) as channels, or_zero(urls, obs_status) as urls) from filled
)
select
    year, nullif(month, 0) as month, region_code, platform, category, stage, channels, urls,
    case when region_code = 'KZ' then
        coalesce(sum(channels) filter (where region_code <> 'KZ') over (partition by year, month, platform, category, stage), 0) - channels
    end as overlap,
    obs_status
from valued
order by year, month nulls first, region_code, stage, platform, category;
