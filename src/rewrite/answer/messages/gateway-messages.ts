import { type Declarations, partOf, passes } from '../declaration.ts'

const itself = passes('the id of the row itself, whose name was judged')
const pointed = passes('an id whose name is judged wherever it is said, and that opens nothing by itself')

/** The AI gateway's things, and the models that it offers. */
export const gatewayMessages: Declarations = {
  'handmade.GatewayModel': { owner: { by: 'gatewayName', field: 'id', kind: 'gateway' }, fields: { id: 'gatewayName' } },
  'mlflow.GatewayEndpoint': {
    owner: { by: 'gatewayName', field: 'name', kind: 'gateway' },
    fields: {
      name: 'gatewayName',
      experiment_id: 'ownExperimentId',
      endpoint_id: itself,
      tags: passes('what the caller’s own environment wrote; MLflow reads nothing from them'),
    },
  },
  'mlflow.GatewayEndpointModelMapping': {
    owner: partOf('an endpoint'),
    fields: {
      model_definition: 'ownPart',
      model_definition_id: pointed,
      endpoint_id: passes('the endpoint that it is a part of'),
      mapping_id: passes('a number of a part, which no request takes'),
    },
  },
  'mlflow.GatewayEndpointBinding': {
    owner: { by: 'gatewayEndpointId', field: 'endpoint_id' },
    fields: {
      endpoint_id: passes('the endpoint, whose name was judged'),
      display_name: passes('the name of the scorer, which its own environment bound'),
      resource_id: pointed,
    },
  },
  'mlflow.GatewayModelDefinition': {
    owner: { by: 'gatewayName', field: 'name', kind: 'modelDefinition' },
    fields: {
      name: 'modelDefinitionName',
      secret_name: 'gatewaySecretName',
      model_definition_id: itself,
      model_name: passes('what the provider calls its model'),
      secret_id: pointed,
    },
  },
  'mlflow.GatewaySecretInfo': {
    owner: { by: 'gatewayName', field: 'secret_name', kind: 'gatewaySecret' },
    fields: { secret_name: 'gatewaySecretName', secret_id: itself },
  },
}
