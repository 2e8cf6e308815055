-- A register of online channels as a national body might keep it, ${rows} data rows. Synthetic.
-- Plain arithmetic from the row number: the same size gives the same bytes with every DuckDB.
--   row r with r % 500 = 1    stands twice: it repeats row r - 1 as it is
--   row r with r % 1000 = 250 is bad in one of eight ways
with numbered as (
    select r, case when r % 500 = 1 then r - 1 else r end as i from range(${rows}) t(r)
),
-- d1 … d8: eight dice of that row, each from 0 to 9999
diced as (
    select i,
        (i * 2654435761 + 11) % 4294967291 % 10000 as d1, (i * 2246822519 + 23) % 4294967291 % 10000 as d2,
        (i * 3266489917 + 37) % 4294967291 % 10000 as d3, (i * 668265263 + 41) % 4294967291 % 10000 as d4,
        (i * 374761393 + 53) % 4294967291 % 10000 as d5, (i * 1274126177 + 67) % 4294967291 % 10000 as d6,
        (i * 1609587929 + 79) % 4294967291 % 10000 as d7, (i * 1540483477 + 83) % 4294967291 % 10000 as d8,
        -- one channel in the register of several regions and under several numbers: 45 channels for 100 rows
        (i * 2654435761 + 11) % 4294967291 % greatest(1, ${rows} * 45 // 100) as channel,
        case when i % 1000 = 250 then i // 1000 % 8 end as fault
    from numbered
),
of_channel as (
    select *,
        case when channel % 100 < 45 then 'telegram_channel' when channel % 100 < 60 then 'telegram_bot'
             when channel % 100 < 68 then 'telegram_group' when channel % 100 < 84 then 'website'
             when channel % 100 < 90 then 'instagram' when channel % 100 < 93 then 'tiktok'
             when channel % 100 < 96 then 'vk' when channel % 100 < 98 then 'whatsapp' else 'darknet' end as kind,
        ['sintetika_', 'sintetika_klad_', 'sintetika_market_', 'sintetika.shop_', 'sintetika_dukan_'][1 + channel % 5]
            || to_base(channel * 7919 + 46656, 36) as handle,
        date '2025-01-01' + cast(d2 * 300 // 10000 as integer) as detected
    from diced
),
staged as (
    select *,
        case when d3 < 9750 then detected + cast(d3 % 5 as integer) end as requested,
        case when d3 < 9400 then detected + cast(d3 % 5 + 1 + d4 % 10 as integer) end as decided,
        case when d3 < 9000 then detected + cast(d3 % 5 + 11 + d4 % 12 as integer) end as blocked
    from of_channel
),
written as (
    select *,
        case kind
            when 'website' then ['https://', 'http://www.', ''][1 + d5 % 3]
                || case when channel // 100 % 25 = 0 then 'синтетика-лавка-' || to_base(channel, 36) || '.example'
                        else 'shop-' || to_base(channel, 36) || ['.sintetika-market', '.primer', '.sol-test'][1 + channel % 3]
                            || channel % 977 || ['.example', '.test', '.invalid'][1 + channel // 3 % 3] end
                || ['', '/', '/catalog?utm_source=x', '/item/' || d6 || '?ref=' || d7][1 + d6 % 4]
            when 'instagram' then ['https://www.instagram.com/', '@', 'instagram.com/'][1 + d5 % 3] || handle
            when 'tiktok' then ['https://www.tiktok.com/@', '@'][1 + d5 % 2] || handle
            when 'vk' then ['https://vk.com/', 'vk.com/', 'https://m.vk.com/'][1 + d5 % 3] || handle
            when 'whatsapp' then 'https://wa.me/7000' || lpad(cast(channel as varchar), 7, '0')
            when 'darknet' then 'http://sintetika' || to_base(channel * 104729 + 60466176, 36) || '.onion/'
            else ['https://t.me/', '@', 't.me/', 'telegram.me/', 'https://t.me/s/', 'tg://resolve?domain='][1 + d5 % 6]
                || replace(case when d5 % 7 = 0 then upper(handle) else handle end, '.', '_')
                || case when d5 % 6 in (0, 2) and d6 < 2000 then '/' || d7 else '' end
        end as address
    from staged
)
select
    'СИНТ-' || lpad(cast(i as varchar), 9, '0') as "№ записи",
    case when fault = 5 then 'город Энск'
         else ['г. Астана', 'Алматы', 'ЗКО', 'Шымкент', 'Карагандинская область', 'область Абай', 'Қостанай облысы',
               'Павлодарская область', 'СКО', 'Туркестанская область', 'ВКО', 'Актюбинская область', 'Жамбылская область',
               'Атырауская область', 'область Жетісу', 'Қызылорда облысы', 'Алматинская область', 'Мангистауская область',
               'область Ұлытау', 'Акмолинская область'][1 + d7 % 20] end as "Регион",
    case when fault = 1 then 'голубиная почта' else case kind
        when 'telegram_channel' then ['ТГ-канал', 'канал Telegram', 'Телеграм-канал', 'TG', 'Telegram арнасы'][1 + d8 % 5]
        when 'telegram_bot' then ['ТГ-бот', 'бот Telegram'][1 + d8 % 2]
        when 'telegram_group' then ['ТГ-группа', 'чат Telegram'][1 + d8 % 2]
        when 'website' then ['сайт', 'Интернет-ресурс', 'веб-сайт', 'интернет-магазин'][1 + d8 % 4]
        when 'instagram' then ['Instagram', 'инстаграм'][1 + d8 % 2]
        when 'tiktok' then 'TikTok' when 'vk' then 'ВКонтакте' when 'whatsapp' then 'WhatsApp' else 'даркнет' end
    end as "Площадка",
    case when fault = 2 then '-' else address end as "Ссылка",
    case when fault = 6 then 'id неизвестен'
         when starts_with(kind, 'telegram') and channel % 10 < 4 then '9' || lpad(cast(channel as varchar), 9, '0') end as "ID площадки",
    ['сбыт', 'сбыт', 'Сбыт наркотиков', 'реклама', 'вербовка закладчиков', 'пропаганда', 'есірткі сату'][1 + d4 % 7]
        as "Категория",
    strftime(detected, '%d.%m.%Y') as "Дата выявления",
    ['Кибернадзор', 'киберволонтёр', 'полиция', 'УБН', 'обращение гражданина'][1 + d1 % 5] as "Кем выявлен",
    case when fault = 0 then '31.02.2025' else coalesce(strftime(requested, '%d.%m.%Y'), '-') end as "Дата направления",
    case when decided is not null then 'СИНТ-П-25-' || i // 3 end as "№ решения",
    coalesce(strftime(decided, '%d.%m.%Y'), '-') as "Дата решения",
    case when decided is not null then ['МКИ', 'МКИ', 'Министерство культуры и информации', 'прокуратура', 'ГТС'][1 + d6 % 5]
        end as "Орган",
    case when decided is not null then ['ст. 41-1', '41-1', 'ст.41-1 ЗоС', 'УК ст. 297', 'ст. 299-1 УК'][1 + d8 % 5]
        end as "Основание",
    case when fault = 3 then strftime(detected - 20, '%d.%m.%Y') when fault = 4 then '15.06.2031'
         else coalesce(strftime(blocked, '%d.%m.%Y'), '-') end as "Дата блокировки",
    case when blocked is not null then ['операторы связи', 'оператор', 'платформа', 'геоблок'][1 + d7 % 4]
        end as "Способ исполнения",
    case when blocked is not null and fault is null and d5 % 40 = 0 then strftime(blocked + 15, '%d.%m.%Y') end
        as "Дата разблокировки",
    case when d6 % 30 = 0 and kind in ('telegram_channel', 'telegram_bot', 'telegram_group')
         then '@sintetika_parent_' || channel // 8 end as "Зеркало канала",
    case when fault = 7 then 'СИНТ Љ Ќ Ї' when d1 % 10 < 3 then 'СИНТ-ЕРДР-' || 250000000 + d1 * 10000 + d2 end as "№ ЕРДР",
    case d2 % 12
        when 0 then 'передано оператору; ответ ожидается'
        when 1 then 'повторно, см. запись ' || i // 2
        when 2 then 'администратор канала назвал себя "С." (проверяется)'
        when 3 then 'скриншоты приложены к материалам, ' || 1 + d4 % 9 || ' шт.' end as "Примечание"
from written
