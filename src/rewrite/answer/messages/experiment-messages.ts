import { type Declarations, partOf } from '../declaration.ts'

export const experimentMessages: Declarations = {
  'mlflow.Experiment': {
    owner: { by: 'experimentName', field: 'name' },
    inside: 'experiment',
    fields: {
      experiment_id: 'judgedExperimentId',
      name: 'experimentName',
      artifact_location: 'location',
      tags: 'experimentTags',
    },
  },
  'mlflow.CreateExperiment.Response': {
    owner: partOf('the request that made the experiment'),
    fields: { experiment_id: 'judgedExperimentId' },
  },
}
