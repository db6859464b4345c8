using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Paws.Runner.Reporting;

/// <summary>What a run came to: result.json in its directory, and the last line of standard output with --json.</summary>
public sealed record RunResult
{
    /// <summary>Name of the file in the run directory.</summary>
    public const string FileName = "result.json";

    /// <summary>What <see cref="Objective"/> is where no experiment took its place.</summary>
    public const string PublishedObjective = "paws";

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // for people too: paws+suncet
    };

    /// <summary>
    /// Accuracy on all test images at the end of the method's training, in percent: of PAWS-NN, or of the classifier that the method
    /// trains (supervised, fixmatch); <see cref="Protocol"/> says which.
    /// </summary>
    public required double Top1 { get; init; }

    /// <summary>The same among the first five classes; null with five classes or fewer.</summary>
    public double? Top5 { get; init; }

    /// <summary>The best of the evaluations during that training, chosen with the test labels: an upper bound, in percent.</summary>
    public double? BestTop1 { get; init; }

    /// <summary>
    /// After fine-tuning, in percent: PAWS-NN after SuNCEt, the classifier (best epoch on held-out images) after head and linear; null
    /// when not run.
    /// </summary>
    public double? Top1Finetuned { get; init; }

    /// <summary>Of the student's classifier after self-distillation, in percent; null when not run.</summary>
    public double? Top1Distilled { get; init; }

    /// <summary>Top-1 of the supervised-only baseline, in percent; null when not run.</summary>
    public double? BaselineTop1 { get; init; }

    /// <summary>Top-1 of the baseline's best evaluation, chosen with the test labels: an upper bound for it, in percent.</summary>
    public double? BaselineBestTop1 { get; init; }

    /// <summary>Seconds of training by the method, evaluation not counted.</summary>
    public double? PretrainSeconds { get; init; }

    /// <summary>Seconds of fine-tuning, evaluation not counted; null when not run.</summary>
    public double? FinetuneSeconds { get; init; }

    /// <summary>Seconds of self-distillation, evaluation not counted; null when not run.</summary>
    public double? DistillSeconds { get; init; }

    /// <summary>Seconds of PAWS training, fine-tuning included, evaluation not; null for another method.</summary>
    public double? PawsSeconds { get; init; }

    /// <summary>Seconds of training the baseline, evaluation not.</summary>
    public double? BaselineSeconds { get; init; }

    /// <summary>Whether the method's training ended collapsed: with images that are no longer told apart.</summary>
    public bool Collapsed { get; init; }

    /// <summary>What had collapsed, at the end or before: "uniform" or "one class" predictions, "embeddings"; null when nothing had.</summary>
    public string? CollapseKind { get; init; }

    /// <summary>Since which step it was collapsed when that was last noticed; null when it never was.</summary>
    public int? CollapsedAtStep { get; init; }

    /// <summary>Since which step it no longer was; null when it never was, or ended so.</summary>
    public int? RecoveredAtStep { get; init; }

    /// <summary>Images that could not be read: left out, or replaced by others of their class.</summary>
    public int SkippedImages { get; init; }

    /// <summary>Seconds of training and evaluation.</summary>
    public required double Seconds { get; init; }

    /// <summary>Unlabeled images a second during pre-training, median over the logged steps.</summary>
    public double? ImagesPerSecond { get; init; }

    /// <summary>Largest resident memory, in MiB.</summary>
    public double? PeakMemoryMb { get; init; }

    /// <summary>The run directory.</summary>
    public required string RunDirectory { get; init; }

    /// <summary>Name of the data set.</summary>
    public required string Dataset { get; init; }

    /// <summary>Labeled images in all.</summary>
    public required int Labels { get; init; }

    /// <summary>Seed of the run.</summary>
    public required int Seed { get; init; }

    /// <summary>Passes over the unlabeled images.</summary>
    public required double Epochs { get; init; }

    /// <summary>The method, one of <see cref="Config.TrainMethod.Names"/>.</summary>
    public string Method { get; init; } = Config.TrainMethod.Paws;

    /// <summary>How the encoder was fine-tuned, one of <see cref="Config.FinetuneMethod.Names"/>; null when it was not.</summary>
    public string? FinetuneMethod { get; init; }

    /// <summary>How top1 was measured, such as "PAWS-NN, last epoch".</summary>
    public required string Protocol { get; init; }

    /// <summary>What the method minimised: its own objective by its name, or that of an experiment.</summary>
    public string Objective { get; init; } = PublishedObjective;

    /// <summary>The processor or accelerator, and how much of it.</summary>
    public required string Hardware { get; init; }

    /// <summary>Commit of the source; null when unknown.</summary>
    public string? Commit { get; init; } = SourceCommit.Find();

    /// <summary>Keys in snake_case, numbers rounded to two decimals; NaN and infinities become null.</summary>
    public JsonObject ToJson() =>
        new()
        {
            ["method"] = Method,
            ["top1"] = Number(Top1),
            ["top5"] = Number(Top5),
            ["best_top1"] = Number(BestTop1),
            ["top1_finetuned"] = Number(Top1Finetuned),
            ["finetune_method"] = FinetuneMethod,
            ["top1_distilled"] = Number(Top1Distilled),
            ["baseline_top1"] = Number(BaselineTop1),
            ["baseline_best_top1"] = Number(BaselineBestTop1),
            ["pretrain_seconds"] = Number(PretrainSeconds),
            ["finetune_seconds"] = Number(FinetuneSeconds),
            ["distill_seconds"] = Number(DistillSeconds),
            ["paws_seconds"] = Number(PawsSeconds),
            ["baseline_seconds"] = Number(BaselineSeconds),
            ["collapsed"] = Collapsed,
            ["collapse_kind"] = CollapseKind,
            ["collapsed_at_step"] = CollapsedAtStep,
            ["recovered_at_step"] = RecoveredAtStep,
            ["skipped_images"] = SkippedImages,
            ["seconds"] = Number(Seconds),
            ["images_per_second"] = Number(ImagesPerSecond),
            ["peak_memory_mb"] = Number(PeakMemoryMb),
            ["run_directory"] = RunDirectory,
            ["dataset"] = Dataset,
            ["labels"] = Labels,
            ["seed"] = Seed,
            ["epochs"] = Number(Epochs),
            ["objective"] = Objective,
            ["protocol"] = Protocol,
            ["hardware"] = Hardware,
            ["commit"] = Commit,
        };

    /// <summary>The object on one line, for --json.</summary>
    public string ToLine() => ToJson().ToJsonString();

    /// <summary>Writes result.json into the run directory.</summary>
    public void Write() => AtomicFile.WriteAllText(Path.Combine(RunDirectory, FileName), ToJson().ToJsonString(Indented) + "\n");

    private static JsonNode? Number(double? value) => value is double v && double.IsFinite(v) ? (decimal)Math.Round(v, 2) : null;
}
