-- Handles that had several numeric ids, for a person to decide (B6): one row for each handle and id. Restricted (B9).
select
    handle_key, channel_key,
    count(distinct record_key) as records,
    string_agg(distinct region_code, ' ' order by region_code) as regions,
    min(detected_on) as first_detected_on,
    max(detected_on) as last_detected_on
from core_blocking_record
semi join known_batches using (batch_id)
semi join (
    select record_key from blocking_record_as_known semi join (
        select handle from handle_id group by handle having count(*) > 1
    ) using (handle)
) using (record_key)
where handle_key <> channel_key
group by handle_key, channel_key
order by handle_key, channel_key
