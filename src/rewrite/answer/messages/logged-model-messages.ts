import { type Declarations, inExperiment, partOf, passes } from '../declaration.ts'
import { itself, person, pointedAt } from './passed-fields.ts'

export const loggedModelMessages: Declarations = {
  'mlflow.LoggedModel': { owner: inExperiment('info', 'experiment_id'), fields: {} },
  'mlflow.LoggedModelInfo': {
    owner: partOf('a logged model'),
    fields: {
      experiment_id: 'experimentId',
      artifact_uri: 'location',
      tags: 'tags',
      model_id: itself,
      name: passes('a logged model’s name is free text in its experiment'),
      creator_id: person,
      source_run_id: pointedAt,
    },
  },
  'mlflow.LoggedModelRegistrationInfo': {
    owner: { by: 'modelName', field: 'name', of: 'caller' },
    stage: { untold: 'the number of a version that is made of a logged model of the caller’s' },
    fields: { name: 'modelName' },
  },
}
