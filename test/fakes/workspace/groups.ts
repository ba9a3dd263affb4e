import { makeAccess } from './access.ts'
import { artifactRoutes, credentialSeconds } from './artifacts.ts'
import type { Routes } from './call.ts'
import { commentRoutes } from './comments.ts'
import { dbfsRoutes } from './dbfs.ts'
import { makeDirectory } from './directory.ts'
import { experimentRoutes } from './experiments.ts'
import { fileRoutes } from './files.ts'
import { folderRoutes, makeFolders } from './folders.ts'
import type { Registration } from './interior.ts'
import { makeMlflow } from './mlflow.ts'
import { modelVersionRoutes, type Registry } from './model-versions.ts'
import { makeModels } from './models.ts'
import { makeOwners } from './owners.ts'
import { permissionRoutes } from './permissions.ts'
import { registeredModelRoutes } from './registered-models.ts'
import { scimRoutes } from './scim.ts'
import { makeServing, servingRoutes } from './serving.ts'
import { makeStages } from './stages.ts'
import type { WorkspaceOptions } from './start-workspace.ts'
import type { Storage } from './storage.ts'
import { traceRoutes } from './traces.ts'
import { trackingRoutes } from './tracking.ts'
import { transitionRequestRoutes } from './transition-requests.ts'
import { makeUcModels } from './uc-models.ts'
import { unityCatalogRoutes } from './unity-catalog.ts'
import { nativeUnityCatalogRoutes } from './unity-catalog-native.ts'
import { makeWebhooks, webhookRoutes } from './webhooks.ts'

/** All routes of a workspace. */
export function makeGroups(registry: Registry, options: WorkspaceOptions): Routes[] {
  const { mlflow, access, folders, directory, models, webhooks, storage } = registry
  const seconds = credentialSeconds(options)
  const uc = options.unityCatalog ? makeUcModels(storage, options.unityCatalog === 'defaultStorage') : null
  const serving = makeServing(access)
  return [
    experimentRoutes(registry),
    trackingRoutes(registry),
    traceRoutes(registry),
    folderRoutes(folders, mlflow, access),
    registeredModelRoutes(registry, models, webhooks),
    modelVersionRoutes(registry),
    transitionRequestRoutes(registry),
    commentRoutes(registry),
    webhookRoutes(webhooks, models, access),
    permissionRoutes(registry, models, serving),
    scimRoutes(directory),
    artifactRoutes(registry, options),
    dbfsRoutes(storage),
    fileRoutes(storage, uc, seconds),
    servingRoutes(registry, serving),
    ...(uc ? [unityCatalogRoutes(uc, storage, seconds), nativeUnityCatalogRoutes(uc, storage, seconds)] : []),
  ]
}

/** What a workspace keeps itself, beside MLflow. */
export function makeRegistry(options: WorkspaceOptions, storage: Storage): Registry {
  const mlflow = makeMlflow(options.mlflow.url)
  const access = makeAccess()
  const folders = makeFolders(access)
  const registration: Registration = { seconds: 0, pendingTransitions: 'allowed', ...options.registration }
  const owners = makeOwners(mlflow, folders)
  const interior = { mlflow, access, folders, storage, registration, directory: makeDirectory(), owners }
  const models = makeModels(interior)
  const webhooks = makeWebhooks()
  return { ...interior, models, webhooks, stages: makeStages(interior, models, webhooks) }
}
