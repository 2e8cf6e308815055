-- mart_coverage: of the region-months that the source definitions expect, how many were received (C1).
select year, nullif(month, 0) as month, dataset, region_code, expected, received
from reporting
where expected > 0
order by year, month nulls first, dataset, region_code;
