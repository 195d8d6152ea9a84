/** What Swagger UI looks like here: no bar of its vendor, and room on a small screen. */
export const SWAGGER_UI_STYLE = `
.swagger-ui .topbar { display: none; }
`;
