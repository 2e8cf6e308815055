-- stated: the numbers since January of ${dataset}, each with its series (R6).
-- A series is what the record's identity says without its month, whatever else changes from one delivery to the next.
-- A row without any number says nothing of its month.
create or replace table stated as
select *, year(${month}) as of_year, month(${month}) as of_month,
    array_to_string(list_filter(string_split(record_key, '|'), lambda part: part <> ${month}::varchar), '|') as series
from ${dataset}_as_known
where since_january and coalesce(${measures}) is not null;
