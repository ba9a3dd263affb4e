export const navigation: readonly { readonly title: string; readonly pages: readonly (readonly [name: string, text: string])[] }[]
