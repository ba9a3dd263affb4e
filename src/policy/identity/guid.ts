/** The form of the ids of tenants, applications, users and groups in Microsoft Entra ID. */
export const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
