using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Paws.Runner.Reporting;

/// <summary>One line of metrics.jsonl: an object in snake_case; evaluations carry <c>"event":"evaluation"</c>.</summary>
internal static class MetricsLine
{
    private const string Evaluation = "evaluation";

    // A diverged run has NaN losses, which plain JSON cannot hold: they become the strings "NaN" and "Infinity".
    private static readonly JsonSerializerOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // for people too: paws+suncet
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static string Write(StepMetrics metrics) => JsonSerializer.Serialize(metrics, Options);

    public static string Write(EvaluationMetrics metrics)
    {
        var line = new JsonObject { ["event"] = Evaluation };
        foreach (var (key, value) in JsonSerializer.SerializeToNode(metrics, Options)!.AsObject())
        {
            line[key] = value?.DeepClone();
        }
        return line.ToJsonString(Options);
    }

    /// <summary>A <see cref="StepMetrics"/>, an <see cref="EvaluationMetrics"/>, or null for a line that is neither.</summary>
    public static object? Parse(string line)
    {
        try
        {
            if (JsonNode.Parse(line) is not JsonObject row)
            {
                return null;
            }
            return (string?)row["event"] switch
            {
                null => row.Deserialize<StepMetrics>(Options),
                Evaluation => row.Deserialize<EvaluationMetrics>(Options),
                _ => null, // an event of a later version
            };
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
