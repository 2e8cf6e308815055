-- handle_id: which numeric id a handle had, and since when, as known (B1, B6); channel_of: the channel that a key of
-- blocking_record_as_known stands for, where that is another one.
-- A handle that was seen with one id is that id's channel wherever it stands alone. One that had several ids in time stays
-- several channels, and is a candidate for a person: where it stands alone it is the id that it had last on that day, or
-- its first one. An id joins all its handles, so that one step is enough.
create or replace table handle_id as
select handle, channel as id, min(detected_on) as since
from blocking_record_as_known where handle is not null
group by all;

create or replace table channel_of as
with alone as (
    select distinct channel, detected_on from blocking_record_as_known semi join handle_id on handle_id.handle = channel
)
select
    channel, detected_on,
    coalesce(arg_max(id, (since, id)) filter (where since <= detected_on), arg_min(id, (since, id))) as resolved
from alone join handle_id on handle = channel
group by all;
