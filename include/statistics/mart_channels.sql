-- mart_channels: channels by stage, month, region, platform and category (B1, B2, B3, B5, B7), R4 for what is missing.
--   A channel counts in a year once, at its first date of the stage in that year (B5, B7), in each region that reports it
--   and once in the country (B3); platform and category are those of the first record by (date, record_key).
--   reblocked: blocked after an earlier unblocking. still_blocked: of the channels blocked in the row's period, those
--   whose last event by the end of the period is a block (B2). blocked_stock: of all channels ever blocked, those whose
--   last event by the end of the year is a block; whole years only, platform and category of the first block ever.
--   Handles and numeric ids are one channel as channel_identity.sql says (B6).
--   On one day an unblocking of an older block comes before a block, and the unblocking of that day's block after it.
--   A position is day and record in one number, so that the first record is the one with the least.
with records as (
    select known.* replace (coalesce(resolved, channel) as channel), row_number() over (order by record_key) as place
    from blocking_record_as_known as known left join channel_of using (channel, detected_on)
),
-- the years that are shown, and those of earlier blocks, which a stock is made of
years_of_dates as (
    from years
    union
    select distinct year(blocked_on) from records where year(blocked_on) <= (select max(year) from years)
),
-- every address of a channel in a region and year, with the position at which it first reached each stage in that year
regional_addresses as (
    select
        year, region_code, channel, address,
        min(position_of(detected_on, place)) filter (where year(detected_on) = year) as detected,
        min(position_of(requested_on, place)) filter (where year(requested_on) = year) as requested,
        min(position_of(decision_on, place)) filter (where year(decision_on) = year) as ordered,
        min(position_of(blocked_on, place)) filter (where year(blocked_on) = year) as blocked,
        min(position_of(unblocked_on, place)) filter (where year(unblocked_on) = year) as unblocked
    from records
    join years_of_dates on year in (year(detected_on), year(requested_on), year(decision_on), year(blocked_on), year(unblocked_on))
    group by all
),
addresses as (
    from regional_addresses
    union all by name
    select
        year, 'KZ' as region_code, channel, address, min(detected) as detected, min(requested) as requested,
        min(ordered) as ordered, min(blocked) as blocked, min(unblocked) as unblocked
    from regional_addresses
    group by all
),
firsts as (
    unpivot (
        select
            year, region_code, channel,
            min(detected) as detected, count(detected) as detected_urls,
            min(requested) as requested, count(requested) as requested_urls,
            min(ordered) as ordered, count(ordered) as ordered_urls,
            min(blocked) as blocked, count(blocked) as blocked_urls,
            min(unblocked) as unblocked, count(unblocked) as unblocked_urls
        from addresses
        group by all
    )
    on (detected, detected_urls) as detected, (requested, requested_urls) as requested, (ordered, ordered_urls) as ordered,
        (blocked, blocked_urls) as blocked, (unblocked, unblocked_urls) as unblocked
    into name stage value first_at, urls
),
-- blocks and unblockings, in their order, of the channels that were ever unblocked: in each region and in the country
turns as (
    select
        unnest([region_code, 'KZ']) as region_code, channel, address, place, stage, reached_on,
        if(stage = 'blocked', 1, unblock_turn) as turn
    from (
        unpivot (
            select channel, address, region_code, place, blocked_on, unblocked_on, if(unblocked_on > blocked_on, 0, 2) as unblock_turn
            from records semi join (select distinct channel from records where unblocked_on is not null) using (channel)
        )
        on blocked_on as blocked, unblocked_on as unblocked into name stage value reached_on
    )
),
reblocked as (
    select
        year(reached_on) as year, region_code, channel, 'reblocked' as stage,
        min(position_of(reached_on, place)) as first_at, count(distinct address) as urls
    from turns
    join (
        select region_code, channel, min((reached_on, turn)) as first_unblocked from turns where stage = 'unblocked' group by all
    ) using (region_code, channel)
    where stage = 'blocked' and (reached_on, turn) > first_unblocked and year(reached_on) in (from years)
    group by all
),
-- channels whose last event by the end of the year, or of the month of their first block in it, is an unblocking
lifted as (
    select
        year, region_code, channel, 'blocked' as stage,
        arg_max(turns.stage, (reached_on, turn)) = 'unblocked' as by_year_end,
        arg_max(turns.stage, (reached_on, turn)) filter (where reached_on <= last_day(first_on)) = 'unblocked' as by_month_end
    from turns
    join (
        select year(reached_on) as year, region_code, channel, min(reached_on) as first_on
        from turns where stage = 'blocked' and year(reached_on) in (from years) group by all
    ) as first_block using (region_code, channel)
    where reached_on <= make_date(year, 12, 31)
    group by year, region_code, channel
),
-- every channel ever blocked, at its first block, and its addresses, each in the year of its own
ever_blocked as (
    select region_code, channel, min(first_at) as first_at, min(year) as year, min(urls) as urls, count(*) as blocked_years
    from firsts where stage = 'blocked' group by all
),
stock as (
    select year, region_code, channel, first_at, 1 as channels, urls from ever_blocked where blocked_years = 1
    union all
    select own.year, region_code, channel, first_at, if(own.year = ever_blocked.year, 1, 0) as channels, own.urls
    from (
        select year, region_code, channel, count(*) as urls from (
            select region_code, channel, address, min(year) as year
            from addresses semi join (from ever_blocked where blocked_years > 1) using (region_code, channel)
            where blocked is not null
            group by all
        ) group by all
    ) as own
    join ever_blocked using (region_code, channel)
),
-- of these, the ones whose last event by the end of a year is an unblocking
not_in_stock as (
    select years.year, region_code, channel
    from turns join years on reached_on <= make_date(years.year, 12, 31)
    group by all
    having arg_max(stage, (reached_on, turn)) = 'unblocked'
),
stock_changes as (
    select year, region_code, place_of(first_at) as place, sum(channels) as channels, sum(urls) as urls, null as of_year
    from stock group by all
    union all by name
    select stock.year, region_code, place_of(first_at) as place, -sum(channels) as channels, -sum(urls) as urls, lifted.year as of_year
    from stock join not_in_stock as lifted using (region_code, channel)
    where stock.year <= lifted.year
    group by all
),
stock_of_years as (
    select years.year, region_code, platform, category, sum(channels) as channels, sum(urls) as urls
    from (
        select year as from_year, region_code, platform, category, of_year, sum(channels) as channels, sum(urls) as urls
        from stock_changes join (select place, platform, category from records) using (place)
        group by all
    )
    join years on from_year <= years.year and coalesce(of_year, years.year) = years.year
    group by all
),
reached as (
    select
        year, month(day_of(first_at)) as month, region_code, platform, category, stage, count(*) as channels, sum(urls) as urls,
        count(*) filter (where by_year_end) as lifted_by_year_end, sum(urls) filter (where by_year_end) as urls_by_year_end,
        count(*) filter (where by_month_end) as lifted_by_month_end, sum(urls) filter (where by_month_end) as urls_by_month_end
    from (from firsts union all by name from reblocked)
    join (select place, platform, category from records) on place = place_of(first_at)
    left join lifted using (year, region_code, channel, stage)
    group by all
),
cells as (
    select
        year, month, region_code, platform, category, stage,
        channels as channels_of_month, urls as urls_of_month, channels as channels_of_year, urls as urls_of_year
    from reached
    union all by name
    select
        year, month, region_code, platform, category, 'still_blocked' as stage,
        channels - lifted_by_month_end as channels_of_month, urls - coalesce(urls_by_month_end, 0) as urls_of_month,
        channels - lifted_by_year_end as channels_of_year, urls - coalesce(urls_by_year_end, 0) as urls_of_year
    from reached where stage = 'blocked'
),
counted as (
    select
        year, coalesce(month, 0) as month, region_code, coalesce(platform, '_T') as platform, coalesce(category, '_T') as category, stage,
        if(grouping(month) = 1, sum(channels_of_year), sum(channels_of_month)) as channels,
        if(grouping(month) = 1, sum(urls_of_year), sum(urls_of_month)) as urls
    from cells
    where year in (from years)
    group by year, region_code, stage, cube (month, platform, category)
    having channels > 0
    union all by name
    select
        year, 0 as month, region_code, coalesce(platform, '_T') as platform, coalesce(category, '_T') as category, 'blocked_stock' as stage,
        sum(channels) as channels, sum(urls) as urls
    from stock_of_years
    group by year, region_code, cube (platform, category)
    having channels > 0
),
shown as (
    select year, month, region_code, platform, category, stage from counted
    union
    select distinct year, month, 'KZ', platform, category, stage from counted
    union
    select year, month, region_code, '_T', '_T', stages.code from frame, stages
    where dataset = 'blocking_record' and (month = 0 or stages.code <> 'blocked_stock')
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
