/** What esbuild makes of files that are not TypeScript. */
declare module "*.css" {
  const text: string;
  export default text;
}
