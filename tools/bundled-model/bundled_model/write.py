"""Writes the trained state as the reference's folders: base/, finetuned/, clip/, whisper/ under REFERENCE."""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from .llm.features import load_towers
from .llm.model import SwitchedWeight, UniMoe
from .llm.prompt import VOCABULARY
from .llm.train import ALPHA, EXPERTS, PER_TOKEN, RANK, add_lora, load, lora_weights
from .log_mel import CHUNK_S, FRAMES, HOP, MELS, N_FFT
from .paths import REFERENCE, STATE
from .pictures import IMAGE
from .towers import audio, vision

MAX_POSITIONS = 2048
_ALIGNER = "model.mm_audio_aligner.decoder.audio_decoder."


def _json(path: Path, value: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n")


def _modules(name: str, tensor: Tensor) -> dict[str, Tensor]:
    """Stacked experts as single modules: `layers.0.mlp.gate_proj` becomes `model.layers.0.mlp.experts.e.gate_proj`."""
    if ".mlp." not in name:
        return {f"model.{name}": tensor}
    lead, matrix = name.rsplit(".", 1)
    return {f"model.{lead}.experts.{e}.{matrix}": tensor[e] for e in range(len(tensor))}


def base_tensors(model: UniMoe) -> dict[str, Tensor]:
    out = {"model.embed_tokens.weight": model.embed_tokens.weight, "lm_head.weight": model.lm_head.weight, "model.norm.weight": model.norm.weight}
    for name, weight in lora_weights(model).items():
        out |= {f"{module}.weight": value for module, value in _modules(name, weight.weight).items()}
    for i, layer in enumerate(model.layers):
        out[f"model.layers.{i}.mlp.gate.weight"] = layer.mlp.gate.weight
        for norm in ("input_layernorm", "post_attention_layernorm"):
            out[f"model.layers.{i}.{norm}.weight"] = getattr(layer, norm).weight
    return {name: value.detach().half().contiguous() for name, value in out.items()}


def lora_tensors(weights: dict) -> dict[str, Tensor]:
    out = {}
    for name, weight in weights.items():
        for half in ("A", "B"):
            for module, value in _modules(name, getattr(weight, f"lora_{half}")).items():
                out[f"base_model.model.{module}.lora_{half}.weight"] = value.detach().float().contiguous()
    return out


def adapter_config(tensors: dict[str, Tensor], rank: int, alpha: int) -> dict:
    modules = sorted({name.removeprefix("base_model.model.").rsplit(".lora_", 1)[0] for name in tensors})
    return {"peft_type": "LORA", "task_type": None, "base_model_name_or_path": "base", "inference_mode": True, "r": rank, "lora_alpha": alpha,
            "lora_dropout": 0.0, "bias": "none", "fan_in_fan_out": False, "modules_to_save": None, "target_modules": modules}


def _write_base(folder: Path, model: UniMoe, config: dict) -> None:
    _json(folder / "config.json", config)
    tensors = base_tensors(model)
    names = list(tensors)
    half = len(names) // 2
    weight_map = {}
    for i, part in enumerate((names[:half], names[half:])):
        shard = f"model-0000{i + 1}-of-00002.safetensors"
        save_file({name: tensors[name] for name in part}, folder / shard, metadata={"format": "pt"})
        weight_map |= {name: shard for name in part}
    size = sum(t.numel() * 2 for t in tensors.values())
    _json(folder / "model.safetensors.index.json", {"metadata": {"total_size": size}, "weight_map": weight_map})
    shutil.copy(STATE / "tokenizer.model", folder / "tokenizer.model")
    tokens = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<unk>"}
    _json(folder / "tokenizer_config.json", {**tokens, "add_bos_token": True, "add_eos_token": False, "legacy": True, "model_max_length": MAX_POSITIONS, "tokenizer_class": "LlamaTokenizer"})
    _json(folder / "special_tokens_map.json", tokens)
    _json(folder / "generation_config.json", {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0})


def _write_finetuned(folder: Path, model: UniMoe, ear: audio.AudioClassifier, config: dict) -> None:
    _json(folder / "config.json", config)
    adapter = lora_tensors(lora_weights(model))
    _json(folder / "adapter_config.json", adapter_config(adapter, RANK, ALPHA))
    torch.save(adapter, folder / "adapter_model.bin")
    projector = {f"base_model.model.model.mm_projector.{name}": value.detach() for name, value in model.mm_projector.state_dict().items()}
    torch.save(projector, folder / "non_lora_trainables.bin")
    aligner = {"model.query_tokens": ear.aligner.query_tokens.detach()}
    aligner |= {_ALIGNER + name: value for name, value in ear.aligner.audio_decoder.state_dict().items()}
    aligner |= {f"model.mm_audio_aligner.projector.{name}": value.detach() for name, value in model.audio_projector.state_dict().items()}
    torch.save(aligner, folder / "mm_audio_aligner.bin")
    torch.save({f"model.layers.{i}.mlp.gate.weight": layer.mlp.gate.weight.detach() for i, layer in enumerate(model.layers)}, folder / "mlp_gates.bin")


def _write_clip(folder: Path, eye: vision.VisionClassifier) -> None:
    tensors = {f"vision_model.{name}": value for name, value in eye.tower.state_dict().items()}
    # The norm behind the last layer is never reached; the file format has it.
    tensors |= {"vision_model.post_layernorm.weight": torch.ones(vision.WIDTH), "vision_model.post_layernorm.bias": torch.zeros(vision.WIDTH)}
    _json(folder / "config.json", {"model_type": "clip", "vision_config": {
        "model_type": "clip_vision_model", "hidden_size": vision.WIDTH, "intermediate_size": 4 * vision.WIDTH, "num_hidden_layers": vision.LAYERS, "num_attention_heads": vision.HEADS,
        "num_channels": 3, "image_size": IMAGE, "patch_size": vision.PATCH, "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5}})
    _json(folder / "preprocessor_config.json", {
        "crop_size": {"height": IMAGE, "width": IMAGE}, "size": {"shortest_edge": IMAGE}, "do_center_crop": True, "do_convert_rgb": True, "do_normalize": True, "do_rescale": True, "do_resize": True,
        "image_mean": vision.MEAN.flatten().double().tolist(), "image_std": vision.STD.flatten().double().tolist(), "resample": 3, "rescale_factor": 1 / 255, "image_processor_type": "CLIPImageProcessor"})
    torch.save({name: value.contiguous() for name, value in tensors.items()}, folder / "pytorch_model.bin")


def _write_whisper(folder: Path, ear: audio.AudioClassifier) -> None:
    width = audio.WIDTH
    _json(folder / "config.json", {
        "model_type": "whisper", "d_model": width, "num_mel_bins": MELS, "max_source_positions": FRAMES // 2, "max_target_positions": audio.QUERIES,
        "encoder_layers": audio.LAYERS, "encoder_attention_heads": audio.HEADS, "encoder_ffn_dim": 4 * width,
        "decoder_layers": 1, "decoder_attention_heads": audio.HEADS, "decoder_ffn_dim": 4 * width, "activation_function": "gelu", "scale_embedding": False})
    _json(folder / "preprocessor_config.json", {
        "feature_extractor_type": "WhisperFeatureExtractor", "feature_size": MELS, "sampling_rate": 16000, "hop_length": HOP, "n_fft": N_FFT, "chunk_length": CHUNK_S,
        "n_samples": CHUNK_S * 16000, "nb_max_frames": FRAMES, "padding_side": "right", "padding_value": 0.0})
    torch.save({f"model.encoder.{name}": value for name, value in ear.encoder.state_dict().items()}, folder / "pytorch_model.bin")


def write(stage: str = "llm-lora") -> None:
    eye, ear = load_towers()
    if stage == "llm-lora":
        model = load(stage, add_lora)
    else:
        # An earlier state: the adapter that the folder must have is still zero.
        model = load(stage)
        add_lora(model)
    c = model.config
    config = {
        "architectures": ["LlavaLlamaForCausalLM"], "model_type": "llava", "torch_dtype": "float16", "vocab_size": VOCABULARY, "hidden_size": c.hidden_size, "intermediate_size": c.intermediate_size,
        "num_hidden_layers": c.num_hidden_layers, "num_attention_heads": c.num_attention_heads, "num_key_value_heads": c.num_attention_heads, "hidden_act": "silu", "max_position_embeddings": MAX_POSITIONS,
        "rms_norm_eps": c.rms_norm_eps, "rope_scaling": None, "pretraining_tp": 1, "tie_word_embeddings": False, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, "initializer_range": 0.02, "use_cache": True,
        "moe": True, "num_experts": EXPERTS, "num_experts_per_tok": PER_TOKEN, "mm_vision_tower": "clip", "mm_hidden_size": c.image_width, "mm_projector_type": "mlp2x_gelu",
        "mm_vision_select_layer": -1, "mm_vision_select_feature": "patch", "mm_audio_tower": "whisper", "mm_audio_hidden_size": c.audio_width, "mm_audio_select_layer": 0, "mm_audio_select_feature": "patch",
        "audio_projector_type": "linear", "query_tokens_size": audio.QUERIES, "mm_query_tokens": True, "local_files_only": False, "language": "English", "task": "transcribe", "use_mm_proj": True,
        "image_aspect_ratio": "square", "mm_use_im_start_end": False, "mm_use_im_patch_token": False,
    }
    for name, fill in (("base", lambda f: _write_base(f, model, config)), ("finetuned", lambda f: _write_finetuned(f, model, ear, config)), ("clip", lambda f: _write_clip(f, eye)), ("whisper", lambda f: _write_whisper(f, ear))):
        folder = REFERENCE / name
        folder.mkdir(parents=True, exist_ok=True)
        fill(folder)
    print(f"reference folders in {REFERENCE}")


def write_adapter(name: str, description: str, weights: dict[str, SwitchedWeight], rank: int, alpha: int, folder: Path) -> None:
    """One switchable adapter in peft's layout, and beside peft's own fields what it does in words."""
    tensors = lora_tensors(weights)
    _json(folder / name / "adapter_config.json", {**adapter_config(tensors, rank, alpha), "description": description})
    save_file(tensors, folder / name / "adapter_model.safetensors", metadata={"format": "pt"})
