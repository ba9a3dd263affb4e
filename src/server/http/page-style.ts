/** The look of the proxy's own pages: MLflow's colours and type, light or dark as the browser is. */
export const pageStyle = `
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--text:#11171c;--soft:#5f7281;--line:#d1d9e1;--accent:#2272b4;--press:#0e538b;
--code:#f6f7f9;--danger:#c82d4c;--on:#fff}
@media(prefers-color-scheme:dark){:root{--page:#0b0f13;--card:#161d23;--text:#e8ecf0;--soft:#a0afbd;--line:#37444f;--accent:#4299e0;
--press:#8acaff;--code:#0b0f13;--danger:#e65b77;--on:#11171c}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:14px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header{padding:14px 24px;border-bottom:1px solid var(--line);background:var(--card);font-weight:600;font-size:18px;letter-spacing:-.02em}
header a{color:inherit;text-decoration:none}
header b{color:#0194e2}
main{max-width:560px;margin:9vh auto 48px;padding:32px;background:var(--card);border:1px solid var(--line);border-radius:8px}
main.wide{max-width:840px}
h1{margin:0 0 12px;font-size:22px;line-height:1.3;font-weight:600}
h2{margin:24px 0 8px;font-size:15px;font-weight:600}
p{margin:0 0 12px;overflow-wrap:anywhere}
a{color:var(--accent)}
.soft{color:var(--soft);font-size:13px}
.actions{display:flex;flex-wrap:wrap;gap:8px;margin:20px 0 0}
.button{display:inline-block;padding:7px 14px;border:1px solid var(--accent);border-radius:4px;background:var(--accent);color:var(--on);
font:inherit;font-weight:600;text-decoration:none;cursor:pointer}
.button:hover{background:var(--press);border-color:var(--press)}
.button.plain{background:transparent;color:var(--accent)}
.button.plain:hover{color:var(--press)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.fields{display:flex;flex-wrap:wrap;gap:12px;align-items:end}
label{display:block;flex:1 1 140px;font-size:13px}
input{display:block;width:100%;margin-top:4px;padding:7px 10px;border:1px solid var(--line);border-radius:4px;background:var(--page);color:inherit;font:inherit}
.choices{list-style:none;margin:0;padding:0}
.choices li+li{margin-top:8px}
.choices a{display:flex;align-items:center;gap:10px;padding:12px 14px;border:1px solid var(--line);border-radius:4px;color:inherit;text-decoration:none}
.choices a:hover{border-color:var(--accent)}
.production{padding:1px 8px;border-radius:10px;background:var(--danger);color:var(--on);font-size:12px;font-weight:600}
.code{display:flex;gap:8px;align-items:start;margin:0 0 12px}
.code .button{min-width:78px}
pre{flex:1;min-width:0;margin:0;max-height:50vh;padding:12px;border:1px solid var(--line);border-radius:4px;background:var(--code);font:12px/1.6 ui-monospace,Menlo,Consolas,monospace;
overflow:auto;user-select:all}
@media(max-width:640px){main{margin:24px 12px;padding:20px}.code{flex-direction:column;align-items:stretch}pre{flex:none;white-space:pre-wrap;overflow-wrap:anywhere}}
`
