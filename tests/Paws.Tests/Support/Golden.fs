namespace Paws.Tests

open System.IO
open System.Text.Json
open System.Text.Json.Nodes
open Paws.Model
open TorchSharp

/// Reads the golden files: inputs and outputs of the published implementation, in float64.
[<RequireQualifiedAccess>]
module Golden =

    let path name =
        Path.Combine(System.AppContext.BaseDirectory, "golden", name)

    let file name =
        JsonNode.Parse(File.ReadAllText(path name))

    let cases name =
        (file name).AsArray() |> Seq.map (fun c -> c.AsObject()) |> Seq.toList

    let number (node: JsonNode) = node.GetValue<float>()

    let vector (node: JsonNode) = node.Deserialize<float[]>()

    /// A float64 tensor from nested lists of two levels.
    let matrix (node: JsonNode) =
        let rows = node.Deserialize<float[][]>()
        torch.tensor(Array.concat rows, dtype = torch.float64).reshape(int64 rows.Length, int64 rows[0].Length)

    /// Largest difference over the largest magnitude of what is expected.
    let relativeError (expected: torch.Tensor) (actual: torch.Tensor) =
        let scale = max (Scalars.value (expected.abs().max())) 1e-300
        Scalars.value ((expected.sub actual).abs().max()) / scale
