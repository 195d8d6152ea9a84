/** Without the vendor's bar, with a wide filter, and for phones. */
export const SWAGGER_UI_STYLE = `
.swagger-ui .topbar { display: none; }
.swagger-ui .filter .operation-filter-input { width: 100%; box-sizing: border-box; }
.swagger-ui .responses-wrapper, .swagger-ui .opblock-section, .swagger-ui section.models { overflow-x: auto; }
`;
