using SkiaSharp;
using Svg.Skia.TypefaceProviders;

namespace Paws.Runner.Reporting.Figures;

/// <summary>
/// The font that text in PNG pictures is drawn with. SVG and HTML need none: whoever shows them brings fonts. On macOS and Windows
/// Skia knows the system's fonts; on Linux its build without dependencies knows none, so that their files are looked for here.
/// </summary>
internal sealed class Fonts : ITypefaceProvider
{
    private const string Bold = "-Bold";

    // In this order of liking: all have Greek letters and the signs of formulas, DejaVu the most.
    private static readonly string[] Families = ["DejaVu Sans", "Liberation Sans", "Noto Sans", "Arial", "Helvetica", "FreeSans", "Roboto"];

    private static readonly Lazy<Fonts> Found = new(Look);

    private readonly SKTypeface? regular;
    private readonly SKTypeface? bold;

    private Fonts(SKTypeface? regular, SKTypeface? bold) => (this.regular, this.bold) = (regular, bold ?? regular);

    /// <summary>The machine's, looked for once.</summary>
    public static Fonts Installed => Found.Value;

    /// <summary>Whether there is none.</summary>
    public bool None => regular is null;

    /// <summary>One family for all names: a drawing in two families would look like a mistake.</summary>
    public SKTypeface? FromFamilyName(
        string fontFamily,
        SKFontStyleWeight fontWeight,
        SKFontStyleWidth fontWidth,
        SKFontStyleSlant fontStyle
    ) => fontWeight >= SKFontStyleWeight.SemiBold ? bold : regular;

    private static Fonts Look()
    {
        foreach (string family in Families)
        {
            if (SKFontManager.Default.MatchFamily(family, SKFontStyle.Normal) is { } known && HasLetters(known))
            {
                return new Fonts(known, SKFontManager.Default.MatchFamily(family, SKFontStyle.Bold));
            }
        }
        var files = Folders().Where(Directory.Exists).SelectMany(Files).ToLookup(Path.GetFileNameWithoutExtension);
        foreach (string family in Families)
        {
            string name = family.Replace(" ", "");
            if (Load(files[name + "-Regular"].Concat(files[name])) is { } face)
            {
                return new Fonts(face, Load(files[name + Bold]));
            }
        }
        // Whatever has letters: a symbol font has none.
        return new Fonts(Load(files.SelectMany(f => f).Order(StringComparer.Ordinal)), null);
    }

    private static SKTypeface? Load(IEnumerable<string> files) =>
        files.Select(SKTypeface.FromFile).FirstOrDefault(f => f is not null && HasLetters(f));

    private static bool HasLetters(SKTypeface face)
    {
        using var font = new SKFont(face);
        return font.ContainsGlyphs("Aaz09");
    }

    private static IEnumerable<string> Folders()
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        yield return "/usr/share/fonts";
        yield return "/usr/local/share/fonts";
        if (home.Length > 0)
        {
            yield return Path.Combine(home, ".fonts");
            yield return Path.Combine(home, ".local", "share", "fonts");
        }
    }

    private static IEnumerable<string> Files(string folder) =>
        Directory
            .EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true })
            .Where(f => Path.GetExtension(f).ToLowerInvariant() is ".ttf" or ".otf");
}
