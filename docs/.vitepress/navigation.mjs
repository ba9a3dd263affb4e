/** The site's pages in the order of their reading: each page of docs is in it once (test/site.test.ts). */
export const navigation = [
  {
    title: 'Start',
    pages: [
      ['index', 'What it is'],
      ['start-local', 'Try it in five minutes'],
      ['start-aks', 'On AKS, before MLflow'],
      ['start-databricks', 'Beside a program, before Databricks'],
    ],
  },
  {
    title: 'Guides',
    pages: [
      ['entra', 'Microsoft Entra ID'],
      ['deploying', 'Deploying'],
      ['clients', 'Clients'],
      ['identity', 'Other issuers, and groups'],
      ['login', 'Logging in with a browser'],
      ['databricks-compute', 'Databricks compute'],
      ['adoption', 'Adoption'],
      ['promotion', 'Promotion'],
      ['shadow', 'Shadow mode'],
      ['networks', 'Networks'],
      ['upgrading', 'Upgrading'],
    ],
  },
  {
    title: 'How it decides',
    pages: [
      ['how-it-decides', 'How it decides'],
      ['names', 'Names'],
      ['policy-tests', 'Policy tests and recipes'],
    ],
  },
  {
    title: 'Reference',
    pages: [
      ['configuration', 'Configuration'],
      ['endpoints', 'Endpoints'],
      ['endpoints-databricks', 'Endpoints of Databricks'],
      ['metrics', 'Metrics'],
      ['tracing', 'Tracing'],
      ['audit', 'Audit'],
      ['status-page', 'Status page'],
      ['databricks-workspaces', 'Answers of Databricks'],
    ],
  },
  {
    title: 'When something is wrong',
    pages: [
      ['troubleshooting', 'By the message'],
      ['doctor', 'Findings of the doctor'],
      ['failures', 'When a dependency fails'],
    ],
  },
  {
    title: 'Before you rely on it',
    pages: [
      ['security', 'Security'],
      ['reliability', 'Reliability'],
      ['sizing', 'Sizing'],
      ['workers', 'Workers'],
      ['performance', 'What it costs'],
    ],
  },
  {
    title: 'Changing it',
    pages: [
      ['architecture', 'Architecture'],
      ['adding-an-endpoint', 'Adding an endpoint'],
    ],
  },
]
