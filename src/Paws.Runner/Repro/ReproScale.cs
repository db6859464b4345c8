namespace Paws.Runner.Repro;

/// <summary>How large experiments are: a file of paper-repro/scales.</summary>
public sealed class ReproScale
{
    /// <summary>The base that an item has when it names none.</summary>
    public const string DefaultBase = "base";

    /// <summary>smoke, laptop, gpu or paper: the name of the file.</summary>
    public string Name { get; set; } = "";

    /// <summary>Data, encoder, length and why, in a sentence or two.</summary>
    public string About { get; set; } = "";

    /// <summary>Whether its runs need a folder of images.</summary>
    public bool NeedsData { get; set; }

    /// <summary>Whether one run takes the whole machine, as on a GPU; otherwise each computes on one core.</summary>
    public bool OneAtATime { get; set; }

    /// <summary>Seeds of each arm where the command line says nothing: 0, 1, …</summary>
    public int Seeds { get; set; } = 1;

    /// <summary>Words that items may use for values: <c>$few</c>.</summary>
    public Dictionary<string, string> Values { get; set; } = [];

    /// <summary>Settings that arms start from, by name.</summary>
    public Dictionary<string, Dictionary<string, string>> Bases { get; set; } = [];

    /// <summary>Settings of a method at this scale, laid over the base.</summary>
    public Dictionary<string, Dictionary<string, string>> Methods { get; set; } = [];
}
