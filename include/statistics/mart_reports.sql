-- mart_reports: what became of every expected report, by feed and month; silence has a name (R4, C1).
select year, month, dataset, source_id, region_code, state, due_on, received_on, days_late, deliveries
from report_state
where year in (from years)
order by year, month, dataset, source_id;
