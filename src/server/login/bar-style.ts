/** Makes room for the bar above MLflow's own page, whose root takes the whole height. */
export const roomStyle =
  'body{display:flex;flex-direction:column}#root{flex:1 1 auto;height:auto;min-height:0}#env-proxy-bar{flex:none;position:relative;z-index:10000}'

/** What MLflow's pages offer and the proxy closes for everybody: the assistant, and the demo's data. */
export const closedParts =
  '[data-assistant-ui],[data-component-id="mlflow.experiment_side_nav.assistant_button"],div:has(>[data-component-id="mlflow.home.demo-banner.launch"]){display:none!important}'

/** The look of the bar: dark beside MLflow's light and dark pages alike, and red in production. */
export const barStyle = `
:host{all:initial}
nav{display:flex;align-items:center;gap:10px;box-sizing:border-box;min-height:32px;padding:0 16px;border-bottom:1px solid #37444f;background:#1f272d;color:#e8ecf0;
font:13px/20px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
nav.production{border-color:#c82d4c;background:#c82d4c;color:#fff}
b{font-weight:600}
mark{padding:0 8px;border-radius:10px;background:#fff;color:#9e102c;font-size:11px;font-weight:700;letter-spacing:.06em}
details{position:relative;margin-left:auto}
summary{padding:2px 8px;border-radius:4px;cursor:pointer;list-style:none;max-width:40vw;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
p{margin:0 auto}
p a{display:inline;padding:0;color:inherit;font-weight:600;text-decoration:underline}
p a:hover{background:none}
summary::after{content:" ▾"}
summary:hover{background:#ffffff26}
summary:focus-visible,a:focus-visible{outline:2px solid #8acaff;outline-offset:1px}
div{position:absolute;right:0;top:28px;min-width:220px;padding:6px 0;border:1px solid #d1d9e1;border-radius:4px;background:#fff;box-shadow:0 4px 16px #0003}
a,small{display:block;padding:6px 14px;color:#11171c;text-decoration:none}
small{color:#5f7281;font-size:12px}
a:hover{background:#f0f4f8}
a[aria-current]{font-weight:600}
hr{margin:6px 0;border:0;border-top:1px solid #d1d9e1}
@media(prefers-color-scheme:dark){div{background:#161d23;border-color:#37444f}a{color:#e8ecf0}small{color:#a0afbd}a:hover{background:#28323a}
hr{border-color:#37444f}}
`
