-- ${dataset}_as_known: the current state of every record among the known batches (R1, R2, R5, T2).
-- A record's state is the content that was sighted last, whether that sighting was stored or was a duplicate of content
-- stored before: a source that goes from A to B and back to A is at A. Sightings have the order of their
-- deliveries, that of handing over (delivery_order), so the order in which these were ingested does not matter. A record whose last sighting
-- is a withdrawal is not there (R5).
-- revision_no counts the changes of content up to the current one, withdrawals among them, starting from 1.
create or replace table ${dataset}_as_known as
with stored as (
    select * replace (coalesce(withdrawn, false) as withdrawn) from core_${dataset} semi join known_batches using (batch_id)
),
-- of a delivery that was set aside nothing counts, but content that was stored with it may be that of a later sighting
counted as (
    from stored anti join set_aside using (delivery_id)
),
sightings as (
    select record_key, content_hash, received_at, delivery_id, raw_row, withdrawn from counted
    union all
    select record_key, content_hash, received_at, delivery_id, raw_row, false
    from duplicate_${dataset} semi join known_batches using (batch_id) anti join set_aside using (delivery_id)
),
-- most records are sighted once and need no ordering
sighted_again as (
    select record_key from sightings group by record_key having count(*) > 1
    union
    select record_key from stored semi join set_aside using (delivery_id)
),
in_order as (
    select *, if(withdrawn, '', content_hash) is distinct from lag(if(withdrawn, '', content_hash)) over (
        partition by record_key order by received_at, place, raw_row) as is_change
    from sightings semi join sighted_again using (record_key) left join delivery_order using (delivery_id)
),
state as (
    select
        record_key,
        arg_max(content_hash, (received_at, place, raw_row)) as content_hash,
        count(*) filter (where is_change) as revision_no
    from in_order
    group by record_key
    having not arg_max(withdrawn, (received_at, place, raw_row))
),
revised as (
    select stored.*, revision_no
    from stored join state using (record_key, content_hash) left join delivery_order using (delivery_id)
    where not withdrawn
    qualify row_number() over (partition by record_key order by received_at, place, raw_row) = 1
)
select ${columns}, 1 as revision_no from counted anti join sighted_again using (record_key) where not withdrawn
union all
select ${columns}, revision_no from revised;
