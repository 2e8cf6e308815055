-- years: every year of which core holds a row as known, or for which a report was expected or came (R4).
-- A row counts in the year of its own dates, whatever period its delivery was for.
create or replace table years as
select year::bigint as year from (
    select distinct year(detected_on) as year from blocking_record_as_known
    union
    select distinct year(requested_on) from blocking_record_as_known
    union
    select distinct year(decision_on) from blocking_record_as_known
    union
    select distinct year(blocked_on) from blocking_record_as_known
    union
    select distinct year(unblocked_on) from blocking_record_as_known
    union
    select distinct year(coalesce(seized_on, registered_on)) from seizure_item_as_known
    union
    select distinct year(closed_on) from laboratory_as_known
    union
    select distinct year(activity_on) from prevention_activity_as_known
    union
    select distinct year(month_on) from resocialisation_as_known
    union
    select year from expected_reports
    union
    select year from received_reports
)
where year is not null
order by year;
