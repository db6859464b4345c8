namespace Paws.Runner.Config;

/// <summary>The methods of <c>paws train</c>: PAWS, and those that it is compared with.</summary>
public static class TrainMethod
{
    /// <summary>PAWS (Assran et al., 2021).</summary>
    public const string Paws = "paws";

    /// <summary>
    /// PAWS with SuNCEt of the supports among themselves, beyond the paper: method.name paws with criterion.support_weight above 0.
    /// </summary>
    public const string PawsSuncet = "paws+suncet";

    /// <summary>Cross-entropy on the labeled images alone.</summary>
    public const string Supervised = "supervised";

    /// <summary>SimCLR (Chen et al., 2020).</summary>
    public const string SimClr = "simclr";

    /// <summary>SimCLRv2 (Chen et al., 2020): a deeper head, and self-distillation after fine-tuning.</summary>
    public const string SimClrV2 = "simclrv2";

    /// <summary>BYOL (Grill et al., 2020).</summary>
    public const string Byol = "byol";

    /// <summary>SwAV (Caron et al., 2020).</summary>
    public const string Swav = "swav";

    /// <summary>SimCLR with SuNCEt on the labeled images (Assran et al., 2020).</summary>
    public const string SimClrSuncet = "simclr-suncet";

    /// <summary>FixMatch (Sohn et al., 2020).</summary>
    public const string FixMatch = "fixmatch";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [Paws, PawsSuncet, Supervised, SimClr, SimClrV2, Byol, Swav, SimClrSuncet, FixMatch];

    /// <summary>What a configuration trains by, as results, metrics and run directories call it.</summary>
    public static string Of(PawsConfig config) =>
        config.Method.Name == Paws && config.Criterion.SupportWeight > 0 ? PawsSuncet : config.Method.Name;

    /// <summary>Whether it is PAWS, with or without a term for the supports.</summary>
    public static bool IsPaws(string name) => name is Paws or PawsSuncet;

    /// <summary>The method's name as it is written.</summary>
    public static string Title(string name) =>
        name switch
        {
            Paws => "PAWS",
            PawsSuncet => "PAWS + SuNCEt",
            Supervised => "Supervised",
            SimClr => "SimCLR",
            SimClrV2 => "SimCLRv2",
            Byol => "BYOL",
            Swav => "SwAV",
            SimClrSuncet => "SimCLR + SuNCEt",
            FixMatch => "FixMatch",
            _ => name,
        };

    /// <summary>Whether it trains a linear classifier of its own, by which it is judged; the others are judged by PAWS-NN.</summary>
    public static bool HasClassifier(string name) => name is Supervised or FixMatch;

    /// <summary>Whether it compares two large views of an image and never sees small ones, whatever data.multicrop says.</summary>
    public static bool HasLargeViewsAlone(string name) => name is SimClr or SimClrV2 or Byol or SimClrSuncet;

    /// <summary>Linear layers of the projection head where the configuration does not say: 2 for SimCLR, as published; else 3.</summary>
    public static int ProjLayers(string name) => name is SimClr or SimClrSuncet ? 2 : 3;
}
