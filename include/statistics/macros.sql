-- What several rules say in the same way.

-- R4: ':' nobody reported and nothing is known, '' all expected reports are in, 'p' something is known but a report is
-- missing, or nobody was to report and nobody did.
create or replace macro obs_status(counted, expected, received, heard) as
    case
        when coalesce(heard, 0) = 0 and coalesce(counted, 0) = 0 then ':'
        when coalesce(heard, 0) > 0 and coalesce(received, 0) >= coalesce(expected, 0) then ''
        else 'p'
    end;

-- R4: nothing counted is 0 where someone reported, and empty where nobody did.
create or replace macro or_zero(counted, status) as case when status = ':' then null else coalesce(counted, 0) end;

-- A day and the place of a record among all records as one number that orders by day, then place (B7).
create or replace macro position_of(day, place) as (day - date '1970-01-01')::bigint * 4294967296 + place;
create or replace macro day_of(first_at) as date '1970-01-01' + (first_at // 4294967296)::integer;
create or replace macro place_of(first_at) as first_at % 4294967296;
