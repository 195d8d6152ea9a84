/** What Swagger UI looks like here: no bar of its vendor, a filter as wide as the page, and no page wider than a phone. */
export const SWAGGER_UI_STYLE = `
.swagger-ui .topbar { display: none; }
.swagger-ui .filter .operation-filter-input { width: 100%; box-sizing: border-box; }
.swagger-ui .responses-wrapper, .swagger-ui .opblock-section, .swagger-ui section.models { overflow-x: auto; }
`;
