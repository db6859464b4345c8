namespace Paws.Runner.Repro;

/// <summary>Where results are: the folder paper-repro of a checkout, or one like it.</summary>
/// <param name="Root">The folder.</param>
public sealed record ReproFolder(string Root)
{
    /// <summary>The generated page.</summary>
    public string Page => Path.Combine(Root, "README.md");

    /// <summary>Records of finished runs at a scale.</summary>
    public string Runs(string scale) => Path.Combine(Root, "results", scale, "runs");

    /// <summary>A file of a table or figure at a scale; the extension begins with its point.</summary>
    public string File(string scale, string id, string extension) => Path.Combine(Root, "results", scale, id + extension);

    /// <summary>What has been written of a table or figure at a scale; null for nothing.</summary>
    public ItemResult? Result(string scale, string id)
    {
        var path = File(scale, id, ".json");
        return System.IO.File.Exists(path) ? ItemResult.Read(path) : null;
    }
}
