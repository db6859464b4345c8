using System.Text.Json.Nodes;
using Paws.Runner.Config;

namespace Paws.Runner.Reporting;

/// <summary>What the report calls a run's method and its stages, and which phases of metrics.jsonl they are.</summary>
/// <param name="Method">One of <see cref="TrainMethod.Names"/>.</param>
/// <param name="Finetune">One of <see cref="FinetuneMethod.Names"/>.</param>
internal sealed record ReportWords(string Method, string Finetune)
{
    /// <summary>From a result; one that does not say is of PAWS with SuNCEt.</summary>
    public static ReportWords Of(JsonObject result) =>
        new((string?)result["method"] ?? TrainMethod.Paws, (string?)result["finetune_method"] ?? FinetuneMethod.Suncet);

    /// <summary>The method as it is written.</summary>
    public string Title => TrainMethod.Title(Method);

    /// <summary>Whether it is PAWS.</summary>
    public bool IsPaws => TrainMethod.IsPaws(Method);

    /// <summary>Whether its own classifier judges it, and not PAWS-NN.</summary>
    public bool Classifies => TrainMethod.HasClassifier(Method);

    /// <summary>Its accuracy: PAWS-NN, SimCLR by PAWS-NN, FixMatch.</summary>
    public string Accuracy =>
        IsPaws ? "PAWS-NN"
        : Classifies ? Title
        : $"{Title} by PAWS-NN";

    /// <summary>The accuracy after fine-tuning.</summary>
    public string Finetuned =>
        Finetune switch
        {
            FinetuneMethod.Suncet => "PAWS-NN after SuNCEt",
            FinetuneMethod.Head => "after fine-tuning",
            _ => "linear classifier",
        };

    /// <summary>What fine-tuning is called.</summary>
    public string Finetuning =>
        Finetune switch
        {
            FinetuneMethod.Suncet => "SuNCEt fine-tuning",
            FinetuneMethod.Head => "Fine-tuning from the first projection layer",
            _ => "Linear evaluation",
        };

    /// <summary>What its loss on the labeled images is.</summary>
    public string FinetuneLoss =>
        Finetune == FinetuneMethod.Suncet
            ? "The supervised contrastive loss on the labeled images."
            : "Cross-entropy of a linear classifier on the labeled images.";

    /// <summary>What its loss is.</summary>
    public string Loss => Method == TrainMethod.Supervised ? "Cross-entropy on the labeled images." : $"What {Title} minimises.";

    /// <summary>How the first accuracy is measured.</summary>
    public string Judging =>
        Classifies
            ? $"Test images are classified by the linear classifier that {(Method == TrainMethod.Supervised ? "training" : Title)} ends in."
            : "PAWS-NN classifies test images by their similarity to the labeled images.";

    /// <summary>What the views of the report's pictures are for.</summary>
    public string Views =>
        Method switch
        {
            TrainMethod.Paws or TrainMethod.PawsSuncet =>
                "Each row is one training image after augmentation. The large views are predicted from the labeled images and serve as each other's targets; the small views only have to agree with them.",
            TrainMethod.Swav =>
                "Each row is one training image after augmentation. The large views are assigned to prototypes; every other view has to predict those assignments.",
            TrainMethod.FixMatch =>
                "Each row is one training image after augmentation. The class predicted for the weakly augmented view, where it is confident, is the label of the strongly augmented one.",
            TrainMethod.Supervised => "Each row is one labeled image after augmentation.",
            TrainMethod.Byol =>
                "Each row is one training image after augmentation. From each view the network predicts where its moving average puts the other.",
            _ => "Each row is one training image after augmentation. Each view has to be told from the views of all other images.",
        };
}
