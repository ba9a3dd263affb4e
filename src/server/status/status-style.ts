import { pageStyle } from '../http/page-style.ts'

/** The look of the status page: that of the proxy's other pages, with tables and a picture. */
export const statusStyle = `${pageStyle}
main{max-width:1120px;margin:32px auto 48px}
section{margin-top:32px}
.picture,.table{overflow-x:auto}
svg{display:block;width:100%;min-width:860px;font:13px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
.table svg{min-width:0;width:160px;height:10px}
svg text{fill:var(--text)}
svg text.soft{fill:var(--soft);font-size:12px}
svg text.head{fill:var(--soft);font-size:12px;font-weight:600;letter-spacing:.04em;text-transform:uppercase}
svg text.name{font-size:18px;font-weight:600}
svg text.mark{fill:var(--on);font-size:11px;font-weight:700;letter-spacing:.06em;text-anchor:middle}
.box{fill:var(--page);stroke:var(--line)}
.box.live{stroke:var(--danger);stroke-width:2}
.pill{fill:var(--page);stroke:var(--line)}
.production{fill:var(--danger)}
.shadow{fill:var(--soft)}
.line{fill:none;stroke:var(--line)}
.arrow{fill:none;stroke:var(--accent);stroke-width:1.5}
.tip{fill:var(--accent)}
.allowed{fill:var(--accent)}
.refused{fill:var(--danger)}
.undecided{fill:var(--line)}
table{width:100%;border-collapse:collapse;font-size:13px}
th,td{padding:7px 12px 7px 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{color:var(--soft);font-weight:600;white-space:nowrap}
td.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
th.number{text-align:right}
td.bad{color:var(--danger)}
td.plain,time{white-space:nowrap}
.well::before,.ill::before{content:"";display:inline-block;width:9px;height:9px;margin-right:8px;border-radius:50%;background:#2e9e5b}
.ill::before{background:var(--danger)}
code{font:12px ui-monospace,Menlo,Consolas,monospace}
`
