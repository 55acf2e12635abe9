import * as mupdf from 'mupdf';

export async function load() {
  return () => {
    const pdf = new mupdf.PDFDocument();
    const font = pdf.addSimpleFont(new mupdf.Font('Helvetica'));
    const resources = pdf.addObject({ Font: { F1: font } });
    const content = 'BT /F1 24 Tf 50 100 Td (Hello) Tj ET 0 0 1 rg 20 20 100 50 re f';
    pdf.insertPage(-1, pdf.addPage([0, 0, 200, 200], 0, resources, content));
    const bytes = pdf.saveToBuffer('compress').asUint8Array();
    const page = mupdf.Document.openDocument(bytes, 'application/pdf').loadPage(0);
    const png = page.toPixmap(mupdf.Matrix.identity, mupdf.ColorSpace.DeviceRGB).asPNG();
    return `${page.toStructuredText().asText()} ${Buffer.from(png).toString('base64')}`;
  };
}
