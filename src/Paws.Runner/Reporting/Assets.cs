namespace Paws.Runner.Reporting;

/// <summary>Styles and scripts of the pages, which lie in the assembly so that a page needs no other file.</summary>
internal static class Assets
{
    /// <summary>The text of a file of Reporting/assets.</summary>
    public static string Read(string name)
    {
        using Stream stream = typeof(Assets).Assembly.GetManifestResourceStream($"Paws.Runner.Reporting.assets.{name}")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
